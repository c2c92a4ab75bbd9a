<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>
<qgis version="3.22.16-Białowieża" styleCategories="Symbology">
  <pipe-data-defined-properties>
    <Option type="Map">
      <Option type="QString" name="name" value=""/>
      <Option name="properties"/>
      <Option type="QString" name="type" value="collection"/>
    </Option>
  </pipe-data-defined-properties>
  <pipe>
    <provider>
      <resampling zoomedInResamplingMethod="nearestNeighbour" zoomedOutResamplingMethod="nearestNeighbour" enabled="false" maxOversampling="2"/>
    </provider>
    <rasterrenderer type="singlebandpseudocolor" band="$band" classificationMin="$low4" classificationMax="$high4" alphaBand="-1" opacity="1" nodataColor="">
      <minMaxOrigin>
        <limits>None</limits>
        <extent>WholeRaster</extent>
        <statAccuracy>Estimated</statAccuracy>
        <cumulativeCutLower>0.02</cumulativeCutLower>
        <cumulativeCutUpper>0.98</cumulativeCutUpper>
        <stdDevFactor>2</stdDevFactor>
      </minMaxOrigin>
      <rastershader>
        <colorrampshader clip="0" minimumValue="$low4" maximumValue="$high4" colorRampType="INTERPOLATED" classificationMode="1" labelPrecision="6">
          <colorramp type="gradient" name="[source]">
            <Option type="Map">
              <Option type="QString" name="color1" value="77,0,24,255"/>
              <Option type="QString" name="color2" value="26,85,150,255"/>
              <Option type="QString" name="discrete" value="0"/>
              <Option type="QString" name="rampType" value="gradient"/>
              <Option type="QString" name="stops" value="0.125;178,24,43,255:0.25;214,96,77,255:0.375;244,165,130,255:0.5;247,247,247,255:0.625;196,222,237,255:0.75;127,184,216,255:0.875;65,137,189,255"/>
            </Option>
          </colorramp>
          <item alpha="255" value="$low4" color="#4d0018" label="$text_low4"/>
          <item alpha="255" value="$low3" color="#b2182b" label="$text_low3"/>
          <item alpha="255" value="$low2" color="#d6604d" label="$text_low2"/>
          <item alpha="255" value="$low1" color="#f4a582" label="$text_low1"/>
          <item alpha="255" value="0" color="#f7f7f7" label="0"/>
          <item alpha="255" value="$high1" color="#c4deed" label="$text_high1"/>
          <item alpha="255" value="$high2" color="#7fb8d8" label="$text_high2"/>
          <item alpha="255" value="$high3" color="#4189bd" label="$text_high3"/>
          <item alpha="255" value="$high4" color="#1a5596" label="$text_high4"/>
          <rampLegendSettings suffix="" prefix="" useContinuousLegend="1" minimumLabel="$text_low4" orientation="2" maximumLabel="$text_high4" direction="0">
            <numericFormat id="basic">
              <Option type="Map">
                <Option type="QChar" name="decimal_separator" value=""/>
                <Option type="int" name="decimals" value="6"/>
                <Option type="int" name="rounding_type" value="0"/>
                <Option type="bool" name="show_plus" value="false"/>
                <Option type="bool" name="show_thousand_separator" value="true"/>
                <Option type="bool" name="show_trailing_zeros" value="false"/>
                <Option type="QChar" name="thousand_separator" value=""/>
              </Option>
            </numericFormat>
          </rampLegendSettings>
        </colorrampshader>
      </rastershader>
    </rasterrenderer>
    <brightnesscontrast brightness="0" contrast="0" gamma="1"/>
    <huesaturation saturation="0" colorizeGreen="128" colorizeBlue="128" colorizeStrength="100" colorizeRed="255" invertColors="0" grayscaleMode="0" colorizeOn="0"/>
    <rasterresampler maxOversampling="2"/>
    <resamplingStage>resamplingFilter</resamplingStage>
  </pipe>
  <blendMode>0</blendMode>
</qgis>
